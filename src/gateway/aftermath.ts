// What is noted of an exchange that the rules have seen, when it has had its end. Nothing in here acts.
import type { Exchange } from '../http/exchange.ts';
import type { Records } from '../observe/records.ts';
import type { Outcome } from '../waf/finding.ts';
import type { RequestHead } from '../waf/request.ts';
import { exemptionFor } from './exceptions.ts';
import { recordFinding } from './finding-record.ts';
import type { Guard } from './guard.ts';
import { judgement } from './judgement.ts';
import { withHost } from './rules-head.ts';
import type { PastExchange } from './shadow.ts';
import { recordTraffic } from './traffic-record.ts';

/** As much of an exchange as the rules have seen. */
export interface Seen {
  readonly head: RequestHead | undefined;
  readonly requestBody: Buffer;
  /** There is more of the body. */
  readonly isCut: boolean;
  /** undefined: answers are not inspected. */
  readonly response: PastExchange['response'];
  /** The exchange ended for the rules' sake, by one of them or not. */
  readonly isRefused: boolean;
}

export function noteAftermath(x: Exchange, guard: Guard, records: Records, outcome: Outcome, seen: Seen): void {
  const { requestBody, isCut, response, isRefused } = seen;
  // Of what was refused as no request at all there is nothing to learn.
  if (x.refusal === undefined) {
    castShadow(x, guard, outcome, seen);
    guard.trials?.note(outcome, { requestId: x.id, site: x.site ?? '', path: x.request.path });
  }
  recordTraffic(x, outcome, records, { headers: withHost(x), body: requestBody, isCut });
  recordFinding(x, outcome, records, { requestBody, responseHeaders: response?.head.headers ?? [], isRefused });
}

/** Other rules look at the same. */
function castShadow(x: Exchange, guard: Guard, outcome: Outcome, { head, requestBody, isCut, response }: Seen): void {
  const beside = guard.shadow;
  if (beside === undefined || head === undefined || !beside.shadow.takes()) return;
  beside.shadow.add({
    requestId: x.id,
    site: x.site ?? '',
    path: x.request.path,
    head,
    body: requestBody,
    isCut,
    exemption: exemptionFor(x, beside.exceptions),
    response,
    judgement: judgement(outcome),
  });
}
