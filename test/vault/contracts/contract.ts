import type { TSchema } from 'typebox'

/**
 * What a route may answer: by method and path as the route is declared, with `:name` for parameters and without their
 * patterns (`'PUT /api/ciphers/:id'`), and by status. Every member is named in the schema and nothing may be there that
 * is not (`Closed`). Statuses that all routes share (401, 404 of no route, 413, 429, 5xx, the error envelope of 400) need
 * not be named.
 */
export type Contracts = Readonly<Record<string, Readonly<Record<number, Answer>>>>

export type Answer = TSchema | typeof EMPTY | typeof BYTES

/** No body at all. */
export const EMPTY = Symbol('empty')

/** Something that is not JSON. */
export const BYTES = Symbol('bytes')
