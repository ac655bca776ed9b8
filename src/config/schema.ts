// The published JSON Schema of the configuration file.

import { publishFile } from './publish.ts';
import type { JsonSchema } from './schema/kind.ts';
import { root } from './schema/root.ts';

/** Printed by `gatehouse schema config`: draft 2020-12, self-contained. */
export const configSchema: JsonSchema = publishFile(root, 'config', 'gatehouse.yaml', true);
