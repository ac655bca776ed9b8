// Time as the gateway's own work takes it: passed in, so that a test decides what time it is.

export interface Alarm {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls once, unless cancelled before. Never keeps the process alive. */
  after(ms: number, act: () => void): Alarm;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
