import { newPassword } from '#auth'
import type { Store, User } from '#store'
import { parsePasswordHint } from '../accounts/hint.ts'
import { requirePassword } from '../accounts/secret.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { endOwnSessions } from '../sessions/index.ts'
import { holdsKey } from './copies.ts'
import { readItems, rotateItems } from './items.ts'
import { byId, type Noun, pair } from './pair.ts'
import { type MasterPasswordUnlock, RotationRequest } from './request.ts'

const FOLDERS: Noun = { one: 'Folder', all: 'folders' }
const SENDS: Noun = { one: 'Send', all: 'sends' }
const CONTACTS: Noun = { one: 'Emergency access', all: 'emergency access keys' }
const ORGANIZATIONS: Noun = { one: 'Reset password', all: 'reset password keys' }

/**
 * `POST /accounts/key-management/rotate-user-account-keys`: a new user key, with which everything was encrypted anew, and
 * perhaps a new password. All of it is written in one transaction, or nothing. Every session ends.
 */
export function registerRotation(scope: VaultApp, context: VaultContext): void {
  const { settings } = context
  const route = { schema: { body: RotationRequest }, config: { stampException: 'post_rotatekey' } } as const

  scope.post('/accounts/key-management/rotate-user-account-keys', route, async ({ session, body }, reply) => {
    const { accountKeys, accountUnlockData, accountData } = body
    const unlock = accountUnlockData.masterPasswordUnlockData
    // Vaultwarden's schema has no place for them, and without them such an account could not be opened.
    if (accountKeys.signatureKeyPair != null || accountKeys.securityState != null) {
      throw badRequest('This server does not store signature keys', 'accountKeys.signatureKeyPair')
    }
    const hint =
      unlock.masterPasswordHint === undefined
        ? {}
        : { passwordHint: parsePasswordHint(settings, unlock.masterPasswordHint) }
    await requirePassword(session.user, body.oldMasterKeyAuthenticationHash)
    const items = await readItems(context, accountData.ciphers)
    const password = await newPassword(unlock.masterKeyAuthenticationHash, settings.passwordIterations)

    const ended = await endOwnSessions(context, session, {
      // The acting device finishes what it is doing and logs itself out.
      contextId: session.device.id,
      change: async (user, store) => {
        checkUnchanged(user, unlock, accountKeys.accountPublicKey)
        await rotateItems(context, store, user.id, items)
        await rotateFolders(context, store, user.id, accountData.folders)
        await rotateSends(context, store, user.id, accountData.sends)
        await rotateCopies(store, user.id, accountUnlockData)
        Object.assign(user, password, hint, {
          key: unlock.masterKeyEncryptedUserKey,
          privateKey: accountKeys.userKeyEncryptedAccountPrivateKey,
          // What was open after a change of the password is closed: its keys are of no use any more.
          stampException: null,
        })
        const keyId = body.newUserKeyId ?? unlock.containedKeyId
        if (keyId == null) return
        // It is kept for the private key that it came with.
        await store.users.update(user)
        await store.users.setKeyId(user.id, keyId.toLowerCase())
      },
    })
    context.logger.info({ userId: ended.id, ciphers: items.size }, 'user key rotated')
    return reply.send()
  })
}

type Unlock = RotationRequest['accountUnlockData']
type Data = RotationRequest['accountData']

/** Throws an ApiError when what opens the account is not what it was, but for the password. */
function checkUnchanged({ kdf, email, publicKey }: User, unlock: MasterPasswordUnlock, newPublicKey: string): void {
  const isSame =
    kdf.type === unlock.kdfType &&
    kdf.iterations === unlock.kdfIterations &&
    kdf.memory === (unlock.kdfMemory ?? null) &&
    kdf.parallelism === (unlock.kdfParallelism ?? null) &&
    email === unlock.email &&
    email === (unlock.masterPasswordSalt ?? email)
  if (!isSame) throw badRequest('Changing the kdf variant or email is not supported during key rotation')
  if (publicKey !== newPublicKey) {
    throw badRequest('Changing the asymmetric keypair is not possible during key rotation')
  }
}

async function rotateFolders({ clock }: VaultContext, store: Store, userId: string, folders: Data['folders']) {
  const sent = folders.flatMap(({ id, name }) => (id ? [{ id, name }] : []))
  const stored = await store.folders.ofUser(userId)
  for (const [folder, { name }] of pair(
    FOLDERS,
    stored,
    ({ id }) => id,
    byId(FOLDERS, sent, ({ id }) => id),
  )) {
    await store.folders.update({ ...folder, name, updatedAt: nextRevision(folder.updatedAt, clock) })
  }
}

async function rotateSends({ clock }: VaultContext, store: Store, userId: string, sends: Data['sends']) {
  const stored = await store.sends.ofUser(userId)
  for (const [send, { key }] of pair(
    SENDS,
    stored,
    ({ id }) => id,
    byId(SENDS, sends, ({ id }) => id),
  )) {
    await store.sends.update({ ...send, key, revisionDate: nextRevision(send.revisionDate, clock) })
  }
}

/** The copies of the user key that others hold. */
async function rotateCopies(
  { userKeyCopies }: Store,
  userId: string,
  { emergencyAccessUnlockData, organizationAccountRecoveryUnlockData }: Unlock,
) {
  const contacts = (await userKeyCopies.emergencyContactsOf(userId)).filter(holdsKey)
  const forContacts = byId(CONTACTS, emergencyAccessUnlockData, ({ id }) => id)
  for (const [{ id }, { keyEncrypted }] of pair(CONTACTS, contacts, ({ id }) => id, forContacts)) {
    await userKeyCopies.setForEmergency(id, keyEncrypted)
  }
  const organizations = await userKeyCopies.recoveringOrganizationsOf(userId)
  const forRecovery = byId(ORGANIZATIONS, organizationAccountRecoveryUnlockData, (sent) => sent.organizationId)
  const idOf = ({ organizationId }: { organizationId: string }) => organizationId
  for (const [{ organizationId }, sent] of pair(ORGANIZATIONS, organizations, idOf, forRecovery)) {
    await userKeyCopies.setForRecovery(userId, organizationId, sent.resetPasswordKey)
  }
}
