import { expect } from 'chai';

/** One measured value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.e+-]+|\+Inf|NaN)$/;

/** Reads the text format of Prometheus; fails where a line breaks it or a family has no type. */
export function readMetrics(text: string): Sample[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const typed = new Set(lines.flatMap((line) => /^# TYPE (\S+) (?:counter|gauge|histogram)$/.exec(line)?.[1] ?? []));
  return lines
    .filter((line) => !/^# (?:HELP|TYPE) /.test(line))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
      expect(name, line).to.not.equal('');
      expect([...typed], line).to.include(typed.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, ''));
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)",?/g)];
      return { name, labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])), value: Number(value) };
    });
}

/** The value of one sample; undefined when it is not there. */
export function measured(samples: readonly Sample[], name: string, labels: Record<string, string> = {}) {
  const isIt = (sample: Sample) =>
    sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text);
  return samples.find(isIt)?.value;
}
