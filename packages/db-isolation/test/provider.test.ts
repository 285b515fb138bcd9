import { IsolationError } from '@acme/db-isolation';
import { createProvider } from '@acme/db-isolation/provider';
import { expect } from 'chai';
import { failure } from './support/rejections.ts';

describe('createProvider', () => {
  it('calls the factory on the first get, once', () => {
    let calls = 0;
    const provider = createProvider(() => ({ call: ++calls }));
    expect(calls).to.equal(0);
    expect(provider.get()).to.equal(provider.get());
    expect(calls).to.equal(1);
  });

  it('calls a factory that failed again', () => {
    let calls = 0;
    const provider = createProvider(() => {
      calls += 1;
      if (calls === 1) throw new Error('not yet');
      return calls;
    });
    expect(() => provider.get()).to.throw('not yet');
    expect(provider.get()).to.equal(2);
  });

  it('keeps a factory result of undefined or null', () => {
    let calls = 0;
    const provider = createProvider((): unknown => {
      calls += 1;
      return undefined;
    });
    expect([provider.get(), provider.get()]).to.deep.equal([undefined, undefined]);
    expect(calls).to.equal(1);
  });

  it('answers an override until it is restored, without calling the factory', () => {
    let calls = 0;
    const provider = createProvider((): string | undefined => `real ${++calls}`);
    const restore = provider.override('fake');
    expect(provider.get()).to.equal('fake');
    expect(calls).to.equal(0);
    restore();
    expect(provider.get()).to.equal('real 1');
    const restoreUndefined = provider.override(undefined);
    expect(provider.get()).to.equal(undefined);
    restoreUndefined();
    expect(provider.get()).to.equal('real 1');
  });

  it('refuses a second override while the first holds, and keeps the first', async () => {
    const provider = createProvider(() => 'real');
    const restore = provider.override('first');
    const error = await failure('DBI_ALREADY_OVERRIDDEN', () => provider.override('second'));
    expect(error).to.be.instanceOf(IsolationError);
    expect(provider.get()).to.equal('first');
    restore();
    provider.override('second')();
    expect(provider.get()).to.equal('real');
  });

  it('lets restore be called twice, without touching a later override', () => {
    const provider = createProvider(() => 'real');
    const restore = provider.override('first');
    restore();
    restore();
    const restoreSecond = provider.override('second');
    restore();
    expect(provider.get()).to.equal('second');
    restoreSecond();
  });

  it('keeps providers apart', () => {
    const [one, two] = [createProvider(() => 1), createProvider(() => 2)];
    const restore = one.override(10);
    expect([one.get(), two.get()]).to.deep.equal([10, 2]);
    restore();
  });
});
