// When a certificate that Gatehouse makes itself is due to be replaced.

/** What is left of a certificate's life when it is replaced. */
const RENEWAL_SHARE = 1 / 3;

/** Whether more than a third of a certificate's life is left. */
export function isFresh({ notBefore, notAfter }: { notBefore: Date; notAfter: Date }, nowMs: number): boolean {
  const life = notAfter.getTime() - notBefore.getTime();
  return notAfter.getTime() - nowMs > life * RENEWAL_SHARE;
}
