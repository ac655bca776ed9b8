// Which bytes make a name in XML.

/** Where the name that begins at `start` ends (XML 1.0, 2.3); every byte above ASCII counts as a letter. */
export function nameEnd(xml: string, start: number): number {
  if (NAME_START[xml.charCodeAt(start)] !== 1) return start;
  let at = start + 1;
  while (NAME_BYTE[xml.charCodeAt(at)] === 1) at += 1;
  return at;
}

const NAME_START: Uint8Array = bytesOf((byte) => /[A-Za-z_:]/.test(String.fromCharCode(byte)) || byte >= 0x80);
const NAME_BYTE: Uint8Array = bytesOf((byte) => /[A-Za-z0-9_:.-]/.test(String.fromCharCode(byte)) || byte >= 0x80);

function bytesOf(isMember: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0));
}
