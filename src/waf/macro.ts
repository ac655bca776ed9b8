// Texts with macros, `%{tx.score}`: taken apart once at load, filled in for each match.
import { variableKind } from './variables.ts';

/** A piece of a template: plain text, or a variable with the name of its member (lower case). */
export type Piece = string | { readonly variable: string; readonly key: string | undefined };

export type Template = readonly Piece[];

const MACRO = /%\{([^{}]*)\}/g;

/**
 * `%{VARIABLE}` or `%{VARIABLE.member}`, names in any case. What names no variable stays as it is
 * written, as ModSecurity leaves it. Never throws.
 */
export function parseTemplate(text: string): Template {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(MACRO)) {
    const piece = macro(found[1] as string);
    if (piece === undefined) continue;
    if (found.index > from) pieces.push(text.slice(from, found.index));
    pieces.push(piece);
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** The whole text when no macro is in it. */
export function plainText(template: Template): string | undefined {
  if (template.length === 0) return '';
  const [only] = template;
  return template.length === 1 && typeof only === 'string' ? only : undefined;
}

/** The text again, with macros for what is not known yet. */
export function printTemplate(template: Template): string {
  return template
    .map((piece) =>
      typeof piece === 'string' ? piece : `%{${piece.variable}${piece.key === undefined ? '' : `.${piece.key}`}}`,
    )
    .join('');
}

function macro(name: string): Piece | undefined {
  const mark = name.search(/[.:]/);
  const variable = (mark === -1 ? name : name.slice(0, mark)).toUpperCase();
  if (variableKind(variable) === undefined) return undefined;
  return { variable, key: mark === -1 ? undefined : name.slice(mark + 1).toLowerCase() };
}
