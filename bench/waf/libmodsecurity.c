// libmodsecurity as a side of the benchmark: a process that loads rule files, reads requests from files and answers
// orders, a line each on stdin, with a line of JSON each on stdout. It calls the library as a web server would and
// never reads anything but the benchmark's own files.
//
//   arguments: one rule file each, in order
//   measure MS PATH   runs the file's requests over and over for so much CPU time
//   check PATH        runs each request once and tells which rules were logged
//
// A file of requests: see request.ts.
#define _POSIX_C_SOURCE 200809L
#include <modsecurity/modsecurity.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  const char *bytes;
  uint32_t length;
} Text;

typedef struct {
  Text method, target, body;
  uint32_t header_count;
  /* Names and values in turn. */
  Text *headers;
} Request;

enum { MAX_HITS = 256 };

static ModSecurity *library;
static RulesSet *rules;
static Request *requests;
static uint32_t request_count;
static char *loaded_path;
static char *loaded_bytes;

/* Of the transaction under way; only `check` looks at them. */
static int is_checking;
static long hits[MAX_HITS];
static int hit_count;
static long score;

static void fail(const char *what, const char *detail) {
  fprintf(stderr, "%s: %s\n", what, detail);
  exit(1);
}

static double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The library has already written the line; a server would now copy it to its log. */
static void on_log(void *unused, const void *line) {
  const char *text = (const char *)line;
  const char *id, *total;
  (void)unused;
  if (!is_checking || text == NULL) return;
  id = strstr(text, "[id \"");
  if (id != NULL && hit_count < MAX_HITS) hits[hit_count++] = strtol(id + 5, NULL, 10);
  total = strstr(text, "Total Score: ");
  if (total != NULL) score = strtol(total + 13, NULL, 10);
}

static uint32_t number_at(const char **at) {
  uint32_t number;
  memcpy(&number, *at, sizeof number);
  *at += sizeof number;
  return number;
}

/* A zero follows every text in the file, for the functions of the library that want C strings. */
static Text text_at(const char **at) {
  Text text;
  text.length = number_at(at);
  text.bytes = *at;
  *at += text.length + 1;
  return text;
}

static void load(const char *path) {
  FILE *file;
  long size;
  const char *at;
  if (loaded_path != NULL && strcmp(loaded_path, path) == 0) return;
  for (uint32_t i = 0; i < request_count; i++) free(requests[i].headers);
  free(requests);
  free(loaded_bytes);
  free(loaded_path);
  loaded_path = strdup(path);
  file = fopen(path, "rb");
  if (file == NULL) fail("cannot open", path);
  fseek(file, 0, SEEK_END);
  size = ftell(file);
  rewind(file);
  loaded_bytes = malloc((size_t)size);
  if (loaded_bytes == NULL || fread(loaded_bytes, 1, (size_t)size, file) != (size_t)size) fail("cannot read", path);
  fclose(file);
  at = loaded_bytes;
  request_count = number_at(&at);
  requests = calloc(request_count, sizeof *requests);
  for (uint32_t i = 0; i < request_count; i++) {
    Request *request = &requests[i];
    request->method = text_at(&at);
    request->target = text_at(&at);
    request->header_count = number_at(&at);
    request->headers = calloc(2 * (size_t)request->header_count, sizeof(Text));
    for (uint32_t j = 0; j < 2 * request->header_count; j++) request->headers[j] = text_at(&at);
    request->body = text_at(&at);
  }
}

static int is_stopped(Transaction *transaction) {
  ModSecurityIntervention intervention = {200, 0, NULL, NULL, 0};
  int is_disruptive;
  msc_intervention(transaction, &intervention);
  is_disruptive = intervention.disruptive;
  /* The line of the rule that stops goes this way only; the connector copies it to the server's log. */
  if (is_disruptive) on_log(NULL, intervention.log);
  free(intervention.url);
  free(intervention.log);
  return is_disruptive;
}

/* The order of calls of the connector for nginx: a transaction that is stopped is logged and answered nothing more. */
static int inspect(Transaction *t, const Request *request) {
  msc_process_connection(t, "192.0.2.10", 40000, "192.0.2.1", 443);
  msc_process_uri(t, request->target.bytes, request->method.bytes, "1.1");
  for (uint32_t i = 0; i < request->header_count; i++) {
    const Text *name = &request->headers[2 * i], *value = name + 1;
    msc_add_n_request_header(t, (const unsigned char *)name->bytes, name->length, (const unsigned char *)value->bytes,
                             value->length);
  }
  msc_process_request_headers(t);
  if (is_stopped(t)) return 1;
  if (request->body.length > 0) {
    msc_append_request_body(t, (const unsigned char *)request->body.bytes, request->body.length);
    if (is_stopped(t)) return 1;
  }
  msc_process_request_body(t);
  if (is_stopped(t)) return 1;
  msc_add_response_header(t, (const unsigned char *)"content-type", (const unsigned char *)"text/html; charset=utf-8");
  msc_add_response_header(t, (const unsigned char *)"content-length", (const unsigned char *)"1024");
  msc_process_response_headers(t, 200, "HTTP/1.1");
  if (is_stopped(t)) return 1;
  msc_process_response_body(t);
  return is_stopped(t);
}

static int run(const Request *request) {
  Transaction *transaction = msc_new_transaction(library, rules, NULL);
  int is_blocked = inspect(transaction, request);
  if (is_blocked) msc_update_status_code(transaction, 403);
  msc_process_logging(transaction);
  msc_transaction_cleanup(transaction);
  return is_blocked;
}

static void measure(double seconds) {
  double start = cpu_seconds(), now = start;
  long transactions = 0;
  do {
    run(&requests[(unsigned long)transactions % request_count]);
    transactions++;
    now = cpu_seconds();
  } while (now - start < seconds);
  printf("{\"transactions\":%ld,\"cpuSeconds\":%.9f}\n", transactions, now - start);
}

static void check(void) {
  is_checking = 1;
  putchar('[');
  for (uint32_t i = 0; i < request_count; i++) {
    double start = cpu_seconds();
    int is_blocked;
    hit_count = 0;
    score = 0;
    is_blocked = run(&requests[i]);
    printf("%s{\"isBlocked\":%s,\"score\":%ld,\"cpuMs\":%.3f,\"hits\":[", i == 0 ? "" : ",",
           is_blocked ? "true" : "false", score, (cpu_seconds() - start) * 1e3);
    for (int j = 0; j < hit_count; j++) printf("%s%ld", j == 0 ? "" : ",", hits[j]);
    fputs("]}", stdout);
  }
  puts("]");
  is_checking = 0;
}

int main(int argc, char **argv) {
  char line[4096];
  const char *error = NULL;
  library = msc_init();
  msc_set_connector_info(library, "bench");
  msc_set_log_cb(library, on_log);
  rules = msc_create_rules_set();
  for (int i = 1; i < argc; i++) {
    if (msc_rules_add_file(rules, argv[i], &error) < 0) fail(argv[i], error == NULL ? "not loaded" : error);
  }
  printf("{\"version\":\"%s\",\"loadMs\":%.1f}\n", msc_who_am_i(library), cpu_seconds() * 1e3);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    char path[4096];
    int ms;
    line[strcspn(line, "\n")] = 0;
    if (sscanf(line, "measure %d %4095[^\n]", &ms, path) == 2) {
      load(path);
      measure(ms / 1e3);
    } else if (sscanf(line, "check %4095[^\n]", path) == 1) {
      load(path);
      check();
    } else {
      fail("not an order", line);
    }
    fflush(stdout);
  }
  return 0;
}
