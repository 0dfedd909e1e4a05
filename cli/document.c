#include "cli/document.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

/* How many bytes a character of UTF-8 takes that begins here; 0: it is none, or one that XML does not have. */
static int utf8(const char *at) {
    const unsigned char *c = (const unsigned char *)at;
    int n = *c < 0x80 ? 1 : *c >= 0xc2 && *c < 0xe0 ? 2 : (*c & 0xf0) == 0xe0 ? 3 : *c >= 0xf0 && *c < 0xf5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    if (*c < 0x20 || (*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) ||
        (*c == 0xf4 && c[1] > 0x8f))
        return 0;
    return n;
}

void lp_put_text(FILE *f, const char *text) {
    for (int n; *text; text += n ? n : 1) switch (n = utf8(text), *text) {
        case '&': fputs("&amp;", f); break;
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '"': fputs("&quot;", f); break;
        case '|': fputs("&#124;", f); break;
        default: fprintf(f, "%.*s", n ? n : 1, n ? text : "?");
        }
}

static void put(lp_document *d, const char *before, const char *format, va_list list, const char *html_end, const char *markdown_end) {
    char text[4096];
    vsnprintf(text, sizeof text, format, list);
    fputs(before, d->html), lp_put_text(d->html, text), fputs(html_end, d->html);
    lp_put_text(d->markdown, text), fputs(markdown_end, d->markdown);
}

void lp_document_begin(lp_document *d, const char *title) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>",
          d->html);
    lp_put_text(d->html, title);
    fputs("</title><style>\n"
          "body{font:15px/1.45 sans-serif;margin:2em auto;max-width:78em;padding:0 1em;color:#222;background:#fff}h1{font-size:1.5em}\n"
          "h2{font-size:1.15em;margin:1.8em 0 .4em}table{border-collapse:collapse;display:block;overflow-x:auto}\n"
          "td,th{padding:.15em .7em;text-align:right;white-space:nowrap}td:first-child,th:first-child{text-align:left}th{font-weight:600}\n"
          "tr+tr td{border-top:1px solid #ddd}img{max-width:100%;margin:.5em .5em .5em 0;vertical-align:top}p{max-width:60em}\n"
          "</style></head><body>\n<h1>",
          d->html);
    lp_put_text(d->html, title);
    fputs("</h1>\n", d->html);
    fputs("<!-- longplay report -->\n# ", d->markdown);
    lp_put_text(d->markdown, title);
    fputs("\n", d->markdown);
}

void lp_document_end(lp_document *d) { fputs("</body></html>\n", d->html); }

void lp_document_heading(lp_document *d, const char *text) {
    fputs("<h2>", d->html), lp_put_text(d->html, text), fputs("</h2>\n", d->html);
    fputs("\n## ", d->markdown), lp_put_text(d->markdown, text), fputs("\n", d->markdown);
}

void lp_document_paragraph(lp_document *d, const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("\n", d->markdown);
    put(d, "<p>", format, list, "</p>\n", "\n");
    va_end(list);
}

void lp_document_item(lp_document *d, const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("\n- ", d->markdown);
    put(d, "<li>", format, list, "</li>\n", "\n");
    va_end(list);
}

void lp_document_table(lp_document *d) {
    d->in_head = true, d->n_columns = 0;
    fputs("<table><tr>", d->html), fputs("\n|", d->markdown);
}

static void end_row(lp_document *d) {
    fputs("</tr>\n", d->html), fputs("\n", d->markdown);
    if (!d->in_head) return;
    fputs("|", d->markdown);
    for (int i = 0; i < d->n_columns; i++) fputs(i ? "--:|" : "---|", d->markdown);
    fputs("\n", d->markdown);
    d->in_head = false;
}

void lp_document_row(lp_document *d) {
    end_row(d);
    fputs("<tr>", d->html), fputs("|", d->markdown);
}

void lp_document_cell(lp_document *d, const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs(" ", d->markdown);
    put(d, d->in_head ? "<th>" : "<td>", format, list, d->in_head ? "</th>" : "</td>", " |");
    va_end(list);
    d->n_columns++;
}

void lp_document_table_end(lp_document *d) {
    end_row(d);
    fputs("</table>\n", d->html);
}

static void put_base64(FILE *f, const unsigned char *data, size_t size) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t)data[i] << 16 | (i + 1 < size ? (uint32_t)data[i + 1] << 8 : 0) | (i + 2 < size ? data[i + 2] : 0);
        for (size_t k = 0; k < 4; k++) fputc(i + k <= size ? letters[three >> (18 - 6 * k) & 63] : '=', f);
    }
}

/* As a picture of its own: names inside one SVG are then none of another's business, and nothing in it runs. */
void lp_document_figure(lp_document *d, const char *says, const char *svg, size_t size_bytes, const char *link) {
    fputs("<img alt=\"", d->html), lp_put_text(d->html, says), fputs("\" src=\"data:image/svg+xml;base64,", d->html);
    put_base64(d->html, (const unsigned char *)svg, size_bytes);
    fputs("\">\n", d->html);
    if (!link) return;
    fputs("\n![", d->markdown), lp_put_text(d->markdown, says), fprintf(d->markdown, "](<%s>)\n", link);
}
