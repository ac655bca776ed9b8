// What the rules said about a request: the gateway's `waf` records, and each rule in them as the line that ModSecurity
// writes to its error log, since the patterns of go-ftw tests are made for those lines.

/** One rule of a `waf` record. */
export interface LoggedRule {
  readonly id: number;
  readonly file?: string;
  readonly line?: number;
  readonly phase?: number;
  readonly msg?: string;
  readonly severity?: string;
  readonly tags?: readonly string[];
  readonly target?: string;
  readonly value?: string;
  readonly matched?: string;
  readonly data?: string;
}

/** By syslog's numbers, which ModSecurity prints. */
const SEVERITIES = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

/** One line without a line break in it: `ModSecurity: Warning. … [id "920100"] [msg "…"] …`. */
export function logLine(rule: LoggedRule): string {
  const what = rule.target === undefined ? '' : ` against variable \`${rule.target}' (Value: \`${rule.value ?? ''}' )`;
  const part = (name: string, value: string | number | undefined): string =>
    value === undefined ? '' : ` [${name} "${value}"]`;
  const severity = rule.severity === undefined ? undefined : SEVERITIES.indexOf(rule.severity);
  const line = [
    `ModSecurity: Warning. Matched${what}`,
    part('file', rule.file),
    part('line', rule.line),
    part('id', rule.id),
    part('msg', rule.msg),
    part('data', rule.data),
    part('severity', severity),
    ...(rule.tags ?? []).map((tag) => part('tag', tag)),
  ].join('');
  return line.replace(/[\r\n]+/g, ' ');
}
