#include "async/call_data.h"

#include "base/hex.h"

static size_t count_pieces(vmh_bytes text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '@';
    return count;
}

/* Takes the bytes up to the next `@`, and the `@`, off the rest. */
static vmh_bytes take_piece(vmh_bytes *rest)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '@', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    vmh_bytes piece = vmh_bytes_of(rest->data, size);
    size_t taken = end == NULL ? size : size + 1;

    *rest = vmh_bytes_of(rest->data + taken, rest->size - taken);
    return piece;
}

/* False for an odd length and for what is no hex. */
static bool read_hex(vmh_bytes text, uint8_t *out)
{
    if (text.size % 2 != 0)
        return false;
    for (size_t i = 0; i < text.size; i += 2) {
        int high = vmh_hex_digit(text.data[i]);
        int low = vmh_hex_digit(text.data[i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

vmh_status vmh_call_data_parse(vmh_bytes text, bool arguments_only, vmh_arena *arena,
                               vmh_call_data *out, bool *known, vmh_failure *why)
{
    size_t count = count_pieces(text) - 1;
    vmh_bytes rest = text;
    vmh_bytes function;
    vmh_bytes *arguments;
    uint8_t *bytes;

    *out = (vmh_call_data){0};
    *known = false;
    if (text.size == 0 || (text.data[0] == '@' && !arguments_only))
        return VMH_OK;
    arguments = vmh_arena_alloc_array(arena, count, sizeof *arguments);
    bytes = vmh_arena_alloc(arena, text.size / 2 + 1);
    if (arguments == NULL || bytes == NULL)
        return vmh_fail_memory(why);
    function = take_piece(&rest);
    for (size_t i = 0; i < count; i++) {
        vmh_bytes piece = take_piece(&rest);

        if (!read_hex(piece, bytes))
            return VMH_OK;
        arguments[i] = vmh_bytes_of(bytes, piece.size / 2);
        bytes += piece.size / 2;
    }
    *out = (vmh_call_data){function, arguments, count};
    *known = true;
    return VMH_OK;
}

void vmh_call_data_build(const vmh_call_data *data, vmh_buffer *out)
{
    vmh_buffer_append(out, data->function);
    for (size_t i = 0; i < data->argument_count; i++) {
        vmh_buffer_append_u8(out, '@');
        vmh_hex_encode(data->arguments[i], out);
    }
}
