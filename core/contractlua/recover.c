/*
 * What was refused is passed over up to where sense begins again: a word that
 * only begins or ends statements, or a name at the begin of a line where no
 * bracket of the statement is open. What other languages put between braces is
 * passed whole. Nothing of what is passed is refused again.
 */
#include "contractlua/scope.h"

vmh_lua_parse_mark vmh_lua_parser_mark(const vmh_lua_parser *parser)
{
    return (vmh_lua_parse_mark){
        .reading = vmh_lua_lexer_reading(&parser->lexer),
        .block = parser->function->block,
        .level = parser->level,
        .item_count = parser->item_count,
        .local_count = parser->local_count,
        .label_count = parser->label_count,
        .goto_count = parser->goto_count,
    };
}

static void undo(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark)
{
    parser->function->block = mark->block;
    parser->level = mark->level;
    parser->item_count = mark->item_count;
    vmh_lua_scope_end_locals(parser, parser->local_count - mark->local_count);
    vmh_lua_scope_end_labels(parser, mark->label_count);
    vmh_lua_scope_end_gotos(parser, mark->goto_count);
}

/* Words that only begin statements, or end blocks. */
static bool is_firm(vmh_lua_token_kind kind)
{
    switch (kind) {
    case VMH_LUA_TOKEN_BREAK:
    case VMH_LUA_TOKEN_ELSE:
    case VMH_LUA_TOKEN_ELSEIF:
    case VMH_LUA_TOKEN_END:
    case VMH_LUA_TOKEN_FOR:
    case VMH_LUA_TOKEN_GOTO:
    case VMH_LUA_TOKEN_IF:
    case VMH_LUA_TOKEN_LOCAL:
    case VMH_LUA_TOKEN_REPEAT:
    case VMH_LUA_TOKEN_RETURN:
    case VMH_LUA_TOKEN_UNTIL:
    case VMH_LUA_TOKEN_WHILE:
    case VMH_LUA_TOKEN_SOURCE_END:
        return true;
    default:
        return false;
    }
}

static int bracket(vmh_lua_token_kind kind)
{
    if (kind == VMH_LUA_TOKEN_OPEN || kind == VMH_LUA_TOKEN_OPEN_BRACE ||
        kind == VMH_LUA_TOKEN_OPEN_BRACKET)
        return 1;
    if (kind == VMH_LUA_TOKEN_CLOSE || kind == VMH_LUA_TOKEN_CLOSE_BRACE ||
        kind == VMH_LUA_TOKEN_CLOSE_BRACKET)
        return -1;
    return 0;
}

/* The next token, whatever stands in the way. */
static void pass(vmh_lua_parser *parser)
{
    bool is_cut;

    vmh_lua_parser_next(parser);
    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_STOP)
        vmh_lua_lexer_resume(&parser->lexer, &is_cut);
}

/* How many brackets are open between the begin of a statement and the present token. */
static int open_brackets(vmh_lua_parser *parser, const vmh_lua_reading *begin)
{
    vmh_lua_reading here = vmh_lua_lexer_reading(&parser->lexer);
    int depth = 0;

    vmh_lua_lexer_return(&parser->lexer, begin);
    while (parser->lexer.token.begin < here.token.begin &&
           vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_STOP) {
        depth += bracket(vmh_lua_parser_kind(parser));
        depth = depth < 0 ? 0 : depth;
        pass(parser);
    }
    if (vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_STOP)
        vmh_lua_lexer_return(&parser->lexer, &here);
    return depth;
}

/* `{ ... }`, as often as it is there with something before it that `else` begins. */
static void pass_braces(vmh_lua_parser *parser)
{
    bool is_arm = true;

    while (is_arm) {
        int depth = 0;

        do {
            vmh_lua_token_kind kind = vmh_lua_parser_kind(parser);

            if (kind == VMH_LUA_TOKEN_SOURCE_END || kind == VMH_LUA_TOKEN_STOP)
                return;
            depth += kind == VMH_LUA_TOKEN_OPEN_BRACE;
            depth -= kind == VMH_LUA_TOKEN_CLOSE_BRACE;
            is_arm = kind == VMH_LUA_TOKEN_CLOSE_BRACE;
            pass(parser);
        } while (depth > 0 || !is_arm);
        is_arm = vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSE ||
                 vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_ELSEIF;
    }
}

/* A comment as C has it; at its '/'. */
static bool pass_comment(vmh_lua_parser *parser)
{
    const vmh_lua_token *token = &parser->lexer.token;
    const uint8_t *end;

    if (token->kind != VMH_LUA_TOKEN_SLASH || token->end == parser->lexer.end ||
        *token->end != '*')
        return false;
    end = memmem(token->end, (size_t)(parser->lexer.end - token->end), "*/", 2);
    while (vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_SOURCE_END &&
           vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_STOP &&
           (end == NULL || token->begin < end + 2))
        pass(parser);
    return true;
}

/* Whether a statement may begin here; one that stands left of the open brackets closes them. */
static bool may_begin(const vmh_lua_parser *parser, const vmh_lua_parse_mark *mark, int depth)
{
    const vmh_lua_token *token = &parser->lexer.token;
    vmh_lua_place place = token->place, begun = mark->reading.token.place;
    bool begins_line = vmh_lua_lexer_begins_line(&parser->lexer);

    if (depth > 0 && (!begins_line || vmh_lua_place_line(place) == vmh_lua_place_line(begun) ||
                      vmh_lua_place_column(place) > vmh_lua_place_column(begun)))
        return false;
    return token->kind == VMH_LUA_TOKEN_SEMICOLON || token->kind == VMH_LUA_TOKEN_FUNCTION ||
           (token->kind == VMH_LUA_TOKEN_NAME && begins_line);
}

static void pass_statement(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark, bool is_cut)
{
    const vmh_lua_token *token = &parser->lexer.token;
    bool is_begin = token->begin == mark->reading.token.begin;
    int depth;

    if (pass_comment(parser))
        return;
    if (is_begin && token->kind == VMH_LUA_TOKEN_OPEN_BRACE) {
        pass_braces(parser);
        return;
    }
    depth = is_cut ? 0 : open_brackets(parser, &mark->reading);
    if (is_begin)
        pass(parser);
    while (token->kind != VMH_LUA_TOKEN_STOP && !is_firm(token->kind) &&
           !may_begin(parser, mark, depth)) {
        if (pass_comment(parser))
            continue;
        depth += bracket(token->kind);
        depth = depth < 0 ? 0 : depth;
        pass(parser);
    }
}

/* What was refused is over: from here on all is said again. */
static bool go_on(vmh_lua_parser *parser)
{
    parser->lexer.is_quiet = false;
    if (vmh_lua_parser_kind(parser) == VMH_LUA_TOKEN_SOURCE_END)
        vmh_lua_lexer_end(&parser->lexer);
    return vmh_lua_parser_kind(parser) != VMH_LUA_TOKEN_STOP;
}

bool vmh_lua_recover_statement(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark)
{
    bool is_cut;

    if (parser->lexer.findings == NULL)
        return false;
    parser->lexer.is_quiet = true;
    if (!vmh_lua_lexer_resume(&parser->lexer, &is_cut))
        return false;
    undo(parser, mark);
    pass_statement(parser, mark, is_cut);
    return go_on(parser);
}

bool vmh_lua_recover_header(vmh_lua_parser *parser, const vmh_lua_parse_mark *mark,
                            vmh_lua_token_kind kind)
{
    const vmh_lua_token *token = &parser->lexer.token;
    bool is_cut;

    if (parser->lexer.findings == NULL)
        return false;
    parser->lexer.is_quiet = true;
    if (!vmh_lua_lexer_resume(&parser->lexer, &is_cut))
        return false;
    undo(parser, mark);
    if (vmh_lua_parser_is_behind_brace(parser)) {
        if (token->kind == VMH_LUA_TOKEN_ELSE || token->kind == VMH_LUA_TOKEN_ELSEIF)
            pass_braces(parser);
        go_on(parser);
        return false;
    }
    while (token->kind != kind && !is_firm(token->kind) && token->kind != VMH_LUA_TOKEN_STOP &&
           !vmh_lua_lexer_begins_line(&parser->lexer)) {
        if (token->kind == VMH_LUA_TOKEN_OPEN_BRACE) {
            pass_braces(parser);
            go_on(parser);
            return false;
        }
        pass(parser);
    }
    if (token->kind == kind && kind != VMH_LUA_TOKEN_OPEN)
        pass(parser);
    return go_on(parser);
}

bool vmh_lua_recover_token(vmh_lua_parser *parser)
{
    bool is_cut;

    if (parser->lexer.findings == NULL)
        return false;
    parser->lexer.is_quiet = true;
    if (!vmh_lua_lexer_resume(&parser->lexer, &is_cut))
        return false;
    pass(parser);
    parser->lexer.is_quiet = false;
    return true;
}
