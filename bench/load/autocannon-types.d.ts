// autocannon brings no types; this is the part of it that is used here (its README, "API").
declare module 'autocannon' {
  interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly servername: string;
    readonly tlsOptions: { readonly ciphers: string; readonly minVersion: 'TLSv1.3' };
  }
  interface Result {
    readonly errors: number;
    readonly timeouts: number;
    readonly requests: { readonly sent: number };
    /** Seconds. */
    readonly duration: number;
  }
  interface Run extends PromiseLike<Result> {
    on(event: 'response', listener: (client: unknown, status: number, bytes: number, ms: number) => void): this;
  }
  export default function autocannon(options: Options): Run;
}
