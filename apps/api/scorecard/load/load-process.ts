import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Scope } from '../support/scope.ts';
import type { Measured, Task } from './messages.ts';

/** The process that makes load. */
export interface LoadProcess {
  /** @throws Error with what went wrong in the process. */
  measure(task: Task): Promise<Measured>;
}

/** Starts it; it ends with the scope. */
export async function startLoadProcess(scope: Scope): Promise<LoadProcess> {
  const child = fork(fileURLToPath(new URL('./generator.ts', import.meta.url)), {
    execArgv: ['--conditions=@acme/source', '--import', 'tsx'],
  });
  await scope.add(() => ended(child));
  let number = 0;
  return {
    measure: (task) => {
      number += 1;
      return answerTo(child, { number, task });
    },
  };
}

function answerTo(child: ChildProcess, question: { number: number; task: Task }): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the process that makes load has ended'));
    child.once('exit', onExit);
    child.on('message', function onMessage(answer: { number: number; measured: Measured | string }) {
      if (answer.number === question.number) {
        child.off('message', onMessage).off('exit', onExit);
        const { measured } = answer;
        typeof measured === 'string' ? reject(new Error(measured)) : resolve(measured);
      }
    });
    child.send(question);
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
