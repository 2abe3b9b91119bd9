import { accountContracts, deviceContracts } from './accounts.ts'
import { attachmentContracts } from './attachments.ts'
import { authRequestContracts } from './auth-requests.ts'
import { bulkContracts } from './bulk.ts'
import type { Contracts } from './contract.ts'
import { iconContracts } from './icons.ts'
import { identityContracts } from './identity.ts'
import { cipherContracts, folderContracts, syncContracts } from './items.ts'
import { keyRotationContracts } from './key-rotation.ts'
import { mailContracts } from './mail.ts'
import { sendContracts } from './sends.ts'
import { serverContracts } from './server.ts'
import { twoFactorContracts } from './two-factor.ts'

/** Of all routes, by area. */
export const contracts: Contracts = {
  ...serverContracts,
  ...mailContracts,
  ...identityContracts,
  ...accountContracts,
  ...deviceContracts,
  ...authRequestContracts,
  ...keyRotationContracts,
  ...twoFactorContracts,
  ...cipherContracts,
  ...attachmentContracts,
  ...bulkContracts,
  ...iconContracts,
  ...folderContracts,
  ...sendContracts,
  ...syncContracts,
}
