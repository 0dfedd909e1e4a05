/* A document that is written as one page of HTML and as Markdown at once: headings, sentences, tables, figures. Any text is shown as it is. */
#ifndef LP_CLI_DOCUMENT_H
#define LP_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {
    FILE *html, *markdown; /* of open_memstream */
    bool in_head;          /* of a table */
    int n_columns;
} lp_document;

/* Text for HTML, XML and Markdown's tables, in quotes or out of them; what is not UTF-8, or no character of XML's, is '?'. */
void lp_put_text(FILE *f, const char *text);

void lp_document_begin(lp_document *d, const char *title);
void lp_document_end(lp_document *d);
void lp_document_heading(lp_document *d, const char *text);
__attribute__((format(printf, 2, 3))) void lp_document_paragraph(lp_document *d, const char *format, ...);
__attribute__((format(printf, 2, 3))) void lp_document_item(lp_document *d, const char *format, ...); /* of a list */
/* A table: its head's cells, then rows of as many cells. */
void lp_document_table(lp_document *d);
void lp_document_row(lp_document *d); /* ends the one before */
__attribute__((format(printf, 2, 3))) void lp_document_cell(lp_document *d, const char *format, ...);
void lp_document_table_end(lp_document *d);
/* An SVG, put into the page; Markdown has a link to it, or nothing where link is NULL. */
void lp_document_figure(lp_document *d, const char *says, const char *svg, size_t size_bytes, const char *link);

#endif
