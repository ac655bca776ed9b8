// Macros filled in, as the exchange stands at that moment (`macro.ts` takes them apart at load).
import type { Template } from './macro.ts';
import type { WritableCollection } from './rule.ts';
import type { Transaction } from './transaction.ts';
import { variableKind, variableNumber } from './variables.ts';

/** What is not set is empty, as in ModSecurity. Of each macro's value no more than `most` characters are filled in. */
export function expand(template: Template, tx: Transaction, most: number = Infinity): string {
  let text = '';
  for (const piece of template) {
    text += typeof piece === 'string' ? piece : macroValue(piece.variable, piece.key, tx).slice(0, most);
  }
  return text;
}

function macroValue(variable: string, key: string | undefined, tx: Transaction): string {
  const kind = variableKind(variable);
  if (kind === 'tx' || kind === 'persistent') {
    const collection = variable.toLowerCase() as WritableCollection;
    return key === undefined ? '' : String(tx.getVariable(collection, key) ?? '');
  }
  const fields = tx.plan.read(variableNumber(variable), tx);
  if (key === undefined) return fields[0]?.value ?? '';
  for (const field of fields) if (field.key === key) return field.value;
  return '';
}
