import type { Response } from 'express';
import { writeJson } from '../json/json.ts';

/** Sends a value as JSON; decimals and numbers that came in by their digits go out by their digits. */
export function sendJson(response: Response, status: number, body: unknown, type = 'application/json'): void {
  response.status(status).type(type).send(writeJson(body));
}

/** Sets the entity tag that a review version stands for. */
export function tagVersion(response: Response, reviewVersion: number): void {
  response.set('ETag', versionTag(reviewVersion));
}

/** The entity tag that a review version stands for. */
export function versionTag(reviewVersion: number): string {
  return `"${reviewVersion}"`;
}
