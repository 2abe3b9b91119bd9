/**
 * Who holds a copy of a user's key besides the user: each was encrypted for the public key of its holder, and has to be made
 * anew when the user key changes.
 */
export interface UserKeyCopies {
  /** People whom the user trusts for an emergency, those who are only invited included, in no particular order. */
  emergencyContactsOf(userId: string): Promise<EmergencyContact[]>
  /** Organizations that may reset the user's password, in no particular order. */
  recoveringOrganizationsOf(userId: string): Promise<RecoveringOrganization[]>
  /** Writes the copy of the contact, `EmergencyContact.id`. */
  setForEmergency(id: string, key: string): Promise<void>
  /** Writes the copy of the organization. */
  setForRecovery(userId: string, organizationId: string, key: string): Promise<void>
}

export interface EmergencyContact {
  /** Of the agreement, not of the person. */
  readonly id: string
  /** 0 invited, 1 accepted, 2 confirmed, which is when they get their copy; 3 and 4 once they want it. */
  readonly status: number
  /** 0 to see the vault, 1 to take it over. */
  readonly type: number
  readonly waitTimeDays: number
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly avatarColor: string | null
  readonly publicKey: string | null
}

export interface RecoveringOrganization {
  readonly organizationId: string
  readonly name: string
  readonly publicKey: string | null
}
