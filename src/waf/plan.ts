// The compiled rule set: immutable, shared by every transaction and every site that uses the same rules.
import type { CollectionStore } from './persistent.ts';
import type { Roles } from './rule-role.ts';
import type { ScanTable } from './scan-table.ts';
import type { Step } from './step.ts';
import type { Ground } from './transaction.ts';

export interface Plan extends Ground {
  readonly steps: readonly Step[];
  /** By phase, from 0: where the steps of the next phase begin. */
  readonly phaseStart: readonly number[];
  /** The rules of the set before anything was decided for all requests. */
  readonly ruleCount: number;
  /** Of the rules that are left, by themselves. */
  readonly roles: Roles;
  /** By step: 1 for those that may decide while the body is read; undefined: none may. */
  readonly early: Uint8Array | undefined;
  readonly scans: ScanTable;
  readonly collections: CollectionStore;
}
