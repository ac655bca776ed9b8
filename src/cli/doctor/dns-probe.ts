// Whether the provider of dns-01 writes a record, every name server shows it, and it goes again.
import { type Finding, fail, ok } from './finding.ts';
import type { Patient } from './patient.ts';
import { placeProbe } from './probe.ts';

export async function probeDns(patient: Patient, signal: AbortSignal): Promise<Finding[]> {
  const provider = patient.config.certificates.acme.dns?.provider.name ?? '';
  const startedAt = performance.now();
  const { withdraw } = await placeProbe('dns-01', patient, signal);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const seen = ok('dns-01', `${provider} wrote a TXT record, and it was seen after ${seconds} s`);
  try {
    await withdraw();
    return [seen];
  } catch (error) {
    const message = `${provider} did not remove it again: ${(error as Error).message}`;
    return [seen, fail('dns-01', message, 'Let the credentials delete records too, and remove this one by hand.')];
  }
}
