/* Pixels to a PNG in memory (libpng's simplified interface, so no longjmp); screenshots then go to disk in one atomic step. */
#include "view/viewer.h"

#include "base/file.h"

#include <png.h>
#include <stdlib.h>

void lp_frame_pixels(uint32_t *out, const uint32_t *frame, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = (frame[i] & 0xff) << 16 | (frame[i] & 0xff00) | (frame[i] >> 16 & 0xff);
}

lp_status lp_png_check_writable(const char *path, lp_err *err) {
    static const lp_file_kind picture = {"a picture (PNG)", {"\x89PNG\r\n\x1a\n"}};
    return lp_file_check_writable(path, &picture, err);
}

lp_status lp_png_encode(unsigned char **out, size_t *size_bytes, const uint32_t *pixels, int width, int height, lp_err *err) {
    enum { MAX_SIDE = 16384 };
    *out = NULL;
    if (width <= 0 || height <= 0 || width > MAX_SIDE || height > MAX_SIDE)
        return lp_fail(err, LP_BAD_INPUT, "cannot make a picture of %d x %d pixels", width, height);
    size_t n = (size_t)width * (size_t)height;
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height, .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    unsigned char *rgb = malloc(n * 3), *file = malloc(size);
    lp_status status = rgb && file ? LP_OK : lp_fail(err, LP_FAILED, "no memory for a picture of %d x %d pixels", width, height);
    for (size_t i = 0; i < n && !status; i++) {
        rgb[i * 3] = (unsigned char)(pixels[i] >> 16);
        rgb[i * 3 + 1] = (unsigned char)(pixels[i] >> 8);
        rgb[i * 3 + 2] = (unsigned char)pixels[i];
    }
    if (!status && !png_image_write_to_memory(&image, file, &size, 0, rgb, 0, NULL))
        status = lp_fail(err, LP_FAILED, "cannot make the picture: %s", image.message);
    png_image_free(&image);
    free(rgb);
    if (status) {
        free(file);
        return status;
    }
    *out = file;
    *size_bytes = size;
    return LP_OK;
}

lp_status lp_png_write(const char *path, const uint32_t *pixels, int width, int height, lp_err *err) {
    unsigned char *file;
    size_t size = 0;
    lp_status status = lp_png_encode(&file, &size, pixels, width, height, err);
    if (status) return lp_fail_prefix(err, status, "%s", path);
    status = lp_file_write_atomic(path, file, size, err);
    free(file);
    return status;
}
