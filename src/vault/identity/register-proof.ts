import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { RegisterRequest } from './register-request.ts'

/** What is known of somebody who comes back with a proof to finish a registration. */
export interface ProvenRegistration {
  /** As it was given in the first step; null when it was not. */
  readonly name: string | null
  /** Whether the proof came by mail, so that the address is the user's. */
  readonly isAddressProven: boolean
  /** Whether it is an invitation. */
  readonly isInvited: boolean
}

/**
 * Checks the proof that the second step of a registration brings: of the first step, or an invitation to an organization.
 * Throws an ApiError unless it brings exactly one, made for `email`.
 */
export async function checkProof(
  context: VaultContext,
  body: RegisterRequest,
  email: string,
): Promise<ProvenRegistration> {
  const { emailVerificationToken, organizationUserId, acceptEmergencyAccessId, acceptEmergencyAccessInviteToken } = body
  const inviteToken = body.orgInviteToken || body.token
  const hasInvitation = Boolean(organizationUserId || inviteToken)
  if (acceptEmergencyAccessId || acceptEmergencyAccessInviteToken) throw badRequest('Emergency access is not enabled.')
  if (emailVerificationToken && !hasInvitation) return checkFirstStep(context, emailVerificationToken, email)
  if (organizationUserId && inviteToken && !emailVerificationToken) {
    return checkInvitation(context, { inviteToken, organizationUserId, email })
  }
  throw badRequest('Registration is missing required parameters', 'emailVerificationToken')
}

async function checkFirstStep({ tokens }: VaultContext, token: string, email: string): Promise<ProvenRegistration> {
  const claims = await tokens.verifyRegister(token)
  if (claims?.sub.trim().toLowerCase() !== email) {
    throw badRequest('The e-mail verification token is not valid for this address.', 'emailVerificationToken')
  }
  return { name: claims.name, isAddressProven: claims.verified, isInvited: false }
}

/** So far only a Vaultwarden can have sent it. */
async function checkInvitation(
  { tickets }: VaultContext,
  { inviteToken, organizationUserId, email }: { inviteToken: string; organizationUserId: string; email: string },
): Promise<ProvenRegistration> {
  const claims = await tickets.verify('invite', inviteToken)
  const invited = typeof claims?.email === 'string' ? claims.email.trim().toLowerCase() : undefined
  if (invited !== email || claims?.member_id !== organizationUserId) {
    throw badRequest('The invitation is not valid for this address.', 'orgInviteToken')
  }
  return { name: null, isAddressProven: true, isInvited: true }
}
