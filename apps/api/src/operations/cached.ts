const FRESH_FOR_MS = 1_000;

/** Answers for a second what was found out last; questions that come meanwhile wait for the same answer. */
export function cached<T>(find: () => Promise<T>): () => Promise<T> {
  let found: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (found === undefined || performance.now() - found.at > FRESH_FOR_MS) {
      const answer = find();
      const mine = { at: Number.POSITIVE_INFINITY, answer };
      found = mine;
      const answered = () => {
        mine.at = performance.now();
      };
      answer.then(answered, answered);
    }
    return found.answer;
  };
}
