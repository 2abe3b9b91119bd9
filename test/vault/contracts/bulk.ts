import { type Contracts, EMPTY } from './contract.ts'
import { Cipher } from './shapes.ts'

export const bulkContracts: Contracts = {
  'POST /api/ciphers/create': { 200: Cipher },
  'POST /api/ciphers/import': { 200: EMPTY },
  'POST /api/ciphers/purge': { 200: EMPTY },
  'DELETE /api/folders': { 200: EMPTY },
  'DELETE /api/folders/all': { 200: EMPTY },
}
