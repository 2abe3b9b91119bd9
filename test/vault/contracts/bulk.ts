import { type Contracts, EMPTY } from './contract.ts'
import { Domains } from './items.ts'
import { Cipher, Closed } from './shapes.ts'

export const bulkContracts: Contracts = {
  'POST /api/ciphers/create': { 200: Cipher },
  'POST /api/ciphers/import': { 200: EMPTY },
  'POST /api/ciphers/purge': { 200: EMPTY },
  'DELETE /api/folders': { 200: EMPTY },
  'DELETE /api/folders/all': { 200: EMPTY },
  'GET /api/settings/domains': { 200: Domains },
  'PUT /api/settings/domains': { 200: Closed({}) },
  'POST /api/settings/domains': { 200: Closed({}) },
}
