import type { Contracts } from './contract.ts'

/** Of all routes, by area. */
export const contracts: Contracts = {}
