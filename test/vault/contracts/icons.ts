import { BYTES, type Contracts } from './contract.ts'

export const iconContracts: Contracts = {
  'GET /icons/:host/icon.png': { 200: BYTES, 301: BYTES, 302: BYTES, 307: BYTES, 308: BYTES },
}
