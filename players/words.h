/* A moment and an answer in words: what a player that is not a network is told of a game, and what it says. docs/players.md has both. */
#ifndef LP_PLAYERS_WORDS_H
#define LP_PLAYERS_WORDS_H

#include "env/game.h"

enum {
    LP_ANSWER_TEXT = 512,
    LP_ANSWER_THOUGHT = 4096,
    LP_NODE_ID = 64,
    LP_WRITING_SOURCES = 256,
    LP_WRITTEN_SOURCES = 4096,
    LP_NOTEBOOK = 32 /* lines */
};

/* What is remembered, oldest first. */
typedef struct {
    int64_t age; /* decisions ago */
    int level;   /* 0 raw, 1.. the summary level that it came through */
    double importance;
    const char *text;
    const char *node; /* the ID of a summary that the text is of; NULL: it is an item's */
} lp_note;

/* A summary that is to be written, and what it is made from: items, or summaries of the level below, oldest first. */
typedef struct {
    int64_t episode, step; /* of the moment */
    char id[LP_NODE_ID];
    int64_t first, last; /* the steps it covers */
    int n;
    struct {
        char id[LP_NODE_ID];
        const char *text;
    } sources[LP_WRITING_SOURCES];
} lp_writing;

/* What came of it. */
typedef struct {
    char text[LP_ANSWER_TEXT];
    char sources[LP_WRITTEN_SOURCES]; /* IDs, with spaces between */
    char refused[256];                /* why there is no text; "": there is one */
    char model[128], prompt[24];      /* who wrote it; a hash of what was asked */
    int64_t tokens;
} lp_written;

/* Where a player may look things up. Each writes into out, which is "", nothing where nothing was found. */
typedef struct {
    void *context;
    void (*search)(void *context, const char *words, char *out, size_t room);
    void (*open)(void *context, const char *node, char *out, size_t room);
} lp_library;

typedef struct {
    int64_t episode, step;    /* 1, 2, ...; of the episode: 0, 1, ... */
    lp_outcome before;        /* how the episode before ended, in the first moment of one; else LP_RUNNING */
    const char *happened;     /* the events since the decision before, "" or "a; b" */
    const int64_t *variables; /* [lp_game_n_variables]; NULL: they are not told */
    int n_notes;
    const lp_note *notes;
    const uint32_t *frame; /* height rows of width pixels, 0x00BBGGRR; NULL: it is not shown */
    int width, height;
    const lp_library *library; /* valid until it has answered; NULL: there is none */
} lp_moment;

typedef struct {
    int action;
    double importance;               /* of the moment, to be remembered by */
    char text[LP_ANSWER_TEXT];       /* what to remember of it; "": nothing but what happened */
    char thought[LP_ANSWER_THOUGHT]; /* for people */
} lp_answer;

/* The first line that a player gets: who plays what. The caller's to free; NULL: out of memory, as of the next. */
char *lp_greeting_json(const lp_game *game, int width, int height);
/* variables: names of the game's, with commas between. picture: the path of a file that has it, "" that there is none; NULL: it is in the text. */
char *lp_moment_json(const lp_moment *moment, const lp_game *game, const char *variables, const char *picture);
/* LP_BAD_INPUT: it is no JSON object, has no action of this game, or a field of another type; out is as it was. Texts are cut to their room,
 * between characters. */
lp_status lp_answer_read(lp_answer *out, const lp_game *game, const char *json, lp_err *err);
/* At most room - 1 bytes of text, up to the end of a character (UTF-8), and zeros behind them. */
void lp_text_cut(char *out, size_t room, const char *text);

#endif
