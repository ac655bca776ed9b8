// Five requests to try against the sample app through a gateway, as commands to copy, and what they show.

export interface Attack {
  title: string;
  /** A command for a POSIX shell. `base`: the gateway's URL, no slash at the end; `rootPem`: file of the CA to trust. */
  curl: (base: string, rootPem: string) => string;
  expect: string;
}

const STATUS_ONLY = `-o /dev/null -w '%{http_code}\\n'`;

export const ATTACKS: readonly Attack[] = [
  {
    title: 'An ordinary page, over HTTP/2',
    curl: (base, rootPem) =>
      `${curl(rootPem)} --http2 -o /dev/null -w 'HTTP/%{http_version} %{http_code}\\n' ${quote(`${base}/`)}`,
    expect: 'HTTP/2 200',
  },
  {
    title: 'SQL injection in the search',
    curl: (base, rootPem) =>
      `${curl(rootPem)} ${STATUS_ONLY} -G --data-urlencode "q=' OR '1'='1" ${quote(`${base}/search`)}`,
    expect: '403; the app behind would have shown its hidden notes',
  },
  {
    title: 'A script in the search (XSS)',
    curl: (base, rootPem) =>
      `${curl(rootPem)} ${STATUS_ONLY} -G --data-urlencode 'q=<script>alert(1)</script>' ${quote(`${base}/search`)}`,
    expect: '403; the app behind would have put the script into its page',
  },
  {
    title: 'A download that leaves its folder (path traversal)',
    curl: (base, rootPem) =>
      `${curl(rootPem)} -w '%{http_code}\\n' -G --data-urlencode 'name=../../../etc/passwd' ${quote(`${base}/files`)}`,
    expect: '403; the app behind would have sent a made-up /etc/passwd',
  },
  {
    title: 'Who is behind the gateway?',
    curl: (base, rootPem) => `${curl(rootPem)} -i -H 'accept: application/json' ${quote(`${base}/whoami`)}`,
    expect: 'no Server and no X-Powered-By, though the app sends both; in the body, the headers that reached the app',
  },
];

function curl(rootPem: string): string {
  return `curl -sS --cacert ${quote(rootPem)}`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
