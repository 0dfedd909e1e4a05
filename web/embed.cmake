# embed.cmake: writes OUT, a C file with the bytes of FOLDER/page.html, .css and .js.
set(text "/* Made of web/page/ by embed.cmake. */\n#include \"web/web_parts.h\"\n\n")
foreach(kind html css js)
  file(READ ${FOLDER}/page.${kind} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND text "static const unsigned char ${kind}[] = {${bytes}};\n")
endforeach()
string(APPEND text "const lp_web_file lp_web_page_html = {html, sizeof html}, lp_web_page_css = {css, sizeof css}, lp_web_page_js = {js, sizeof js};\n")
file(WRITE ${OUT} "${text}")
