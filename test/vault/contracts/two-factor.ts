import Type from 'typebox'
import type { Contracts } from './contract.ts'
import { Closed, List } from './shapes.ts'

export const twoFactorContracts: Contracts = {
  'GET /api/two-factor': {
    200: List(
      Closed({
        enabled: Type.Boolean(),
        type: Type.Integer({ minimum: 0 }),
        object: Type.Literal('twoFactorProvider'),
      }),
    ),
  },
}
