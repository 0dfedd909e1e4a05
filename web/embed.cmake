# embed.cmake: writes OUT, a C file with the bytes of the page's files in FOLDER.
set(text "/* Made of web/page/ by embed.cmake. */\n#include \"web/web_parts.h\"\n\n")
foreach(name page.html page.css page.js browse.js)
  file(READ ${FOLDER}/${name} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REPLACE "." "_" symbol ${name})
  string(APPEND text "static const unsigned char ${symbol}[] = {${bytes}};\nconst lp_web_file lp_web_${symbol} = {${symbol}, sizeof ${symbol}};\n")
endforeach()
file(WRITE ${OUT} "${text}")
