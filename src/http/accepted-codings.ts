// Accept-Encoding (RFC 9110, 12.5.3): which codings of an answer a client takes, and how gladly.

/** 0: not at all; up to 1. `identity` is taken unless it is refused by name or by `*`. */
export type Quality = (coding: string) => number;

/** What is no quality counts as 1, as if nothing were said. undefined (no field): only the answer as it is. */
export function acceptedCodings(field: string | undefined): Quality {
  if (field === undefined) return (coding) => Number(coding === 'identity');
  const said = new Map<string, number>();
  for (const member of field.split(',')) {
    const [name = '', ...parameters] = member.split(';');
    const quality = parameters.map((each) => QUALITY.exec(each)?.[1]).find((q) => q !== undefined);
    said.set(name.trim().toLowerCase(), quality === undefined ? 1 : Math.min(1, Number(quality)));
  }
  const others = said.get('*');
  return (coding) => said.get(coding) ?? (coding === 'identity' ? (others === 0 ? 0 : 1) : (others ?? 0));
}

const QUALITY = /^\s*q\s*=\s*([0-9]+(?:\.[0-9]*)?)\s*$/i;
