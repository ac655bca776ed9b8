// Reading node-forge's ASN.1 trees without a cast at every step. Each function throws a SyntaxError on a tree of
// another shape; callers turn it into words for the operator.
import forge from 'node-forge';

/** One element of a parse tree. */
export type Asn1Node = forge.asn1.Asn1;

/** The tree of DER or BER bytes; throws on damage and on bytes left over. */
export function parseNode(bytes: Uint8Array): Asn1Node {
  return forge.asn1.fromDer(Buffer.from(bytes).toString('latin1'));
}

/** DER bytes of a tree. */
export function encodeNode(node: Asn1Node): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1');
}

/** The elements of a constructed value, in order. */
export function elements(node: Asn1Node): Asn1Node[] {
  if (typeof node.value === 'string') throw new SyntaxError('ASN.1: a constructed value is missing');
  return node.value;
}

/** The element at that place of a constructed value; throws when there is none. */
export function child(node: Asn1Node, index: number): Asn1Node {
  const found = elements(node)[index];
  if (found === undefined) throw new SyntaxError(`ASN.1: element ${index} is missing`);
  return found;
}

/** The bytes of an OCTET STRING, also of one in pieces, as Windows and macOS write it. */
export function octets(node: Asn1Node): Buffer {
  return typeof node.value === 'string' ? Buffer.from(node.value, 'latin1') : Buffer.concat(node.value.map(octets));
}

/** Dotted form of an OBJECT IDENTIFIER. */
export function objectId(node: Asn1Node): string {
  if (typeof node.value !== 'string') throw new SyntaxError('ASN.1: an object identifier is missing');
  return forge.asn1.derToOid(node.value);
}

/** A SEQUENCE of elements. */
export function sequence(members: Asn1Node[]): Asn1Node {
  return forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, members);
}

/** A universal, primitive value such as OCTETSTRING from its content bytes. */
export function primitive(type: forge.asn1.Type, content: Uint8Array): Asn1Node {
  return forge.asn1.create(forge.asn1.Class.UNIVERSAL, type, false, Buffer.from(content).toString('latin1'));
}
