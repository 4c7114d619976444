/** A curve by ear: time is x, pitch is y, from 220 to 880 Hz; curves follow one another, each with a timbre of its own. */

export interface HearOptions {
  /** Pitch by the logarithm of the value. */
  readonly log?: boolean;
  /** Seconds a curve takes. Default 2.5. */
  readonly seconds?: number;
  readonly onpoint?: (index: number) => void;
  readonly onend?: () => void;
}

const timbres: readonly OscillatorType[] = ['sine', 'triangle', 'square', 'sawtooth'];

/** The pitch of each value in Hz, over two octaves from the least to the greatest of all curves; null where there is no value. */
export function pitches(curves: readonly (readonly (number | null)[])[], log = false): (number | null)[][] {
  const scaled = curves.map(curve => curve.map(v => (v === null || !Number.isFinite(v) || (log && v <= 0) ? null : log ? Math.log(v) : v)));
  const all = scaled.flat().filter(v => v !== null);
  const low = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const span = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - low;
  return scaled.map(curve => curve.map(v => (v === null ? null : 220 * 4 ** (span > 0 ? (v - low) / span : 0.5))));
}

/** Plays the curves; gives back how to stop. */
export function playCurve(
  curves: readonly (readonly (number | null)[])[],
  { log = false, seconds = 2.5, onpoint, onend }: HearOptions = {},
): () => void {
  const context = new AudioContext();
  const begin = context.currentTime + 0.05;
  const pause = 0.35;
  pitches(curves, log).forEach((pitch, c) => {
    const start = begin + c * (seconds + pause);
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = timbres[c % timbres.length];
    const loud = tone.type === 'sine' ? 0.2 : 0.08;
    tone.connect(volume).connect(context.destination);
    volume.gain.setValueAtTime(0, start);
    // More than some 60 tones a second cannot be told apart.
    const every = Math.max(1, Math.floor(pitch.length / (seconds * 60)));
    for (let i = 0; i < pitch.length; i += every) {
      const when = start + (seconds * i) / Math.max(1, pitch.length - 1);
      const hertz = pitch[i];
      volume.gain.setTargetAtTime(hertz === null ? 0 : loud, when, 0.01);
      if (hertz !== null) tone.frequency.setTargetAtTime(hertz, when, 0.01);
    }
    volume.gain.setTargetAtTime(0, start + seconds, 0.02);
    tone.start(start);
    tone.stop(start + seconds + 0.2);
  });
  const total = curves.length * (seconds + pause);
  const length = curves[0]?.length ?? 0;
  const timer = setInterval(() => {
    const time = context.currentTime - begin;
    if (time > total) finish();
    else onpoint?.(Math.round(Math.min(1, Math.max(0, (time % (seconds + pause)) / seconds)) * (length - 1)));
  }, 50);
  const finish = (): void => {
    clearInterval(timer);
    void context.close();
    onend?.();
  };
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
