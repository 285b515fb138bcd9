import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Copies a file to a new private one, which is on the disk when this returns.
 *
 * @returns the SHA-256 of its bytes, in lower-case hexadecimal.
 * @throws an error of the file system; EEXIST when there is a file by that name.
 */
export async function copyDurably(from: string, to: string): Promise<string> {
  const source = await open(from);
  try {
    const copy = await open(to, 'wx', 0o600);
    try {
      return await pump(source, copy);
    } finally {
      await copy.close();
    }
  } finally {
    await source.close();
  }
}

/** Writes a new private file, which is on the disk when this returns. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Brings a file or the names in a directory to the disk. */
export async function sync(place: string): Promise<void> {
  const handle = await open(place);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The SHA-256 of a file, in lower-case hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
  }
  return hash.digest('hex');
}

async function pump(source: FileHandle, copy: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source.createReadStream({ autoClose: false })) {
    hash.update(chunk);
    await copy.writeFile(chunk);
  }
  await copy.sync();
  return hash.digest('hex');
}
