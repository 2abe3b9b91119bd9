/** E-mail addresses that may register although sign-up is closed. */
export interface Invitations {
  /** True when there was an invitation; it is gone afterwards. */
  take(email: string): Promise<boolean>
  exists(email: string): Promise<boolean>
  /** Turns the user's open invitations to organizations into accepted ones. */
  acceptMemberships(userId: string): Promise<void>
}

/** Who belongs to which organization. */
export interface Memberships {
  /** Ids of the organizations that the user is a confirmed member of. */
  confirmedOf(userId: string): Promise<string[]>
  /** Ids of the users who are confirmed members of the organization. */
  confirmedIn(organizationId: string): Promise<string[]>
  /** Whether the user is the only confirmed owner of an organization. */
  isLastOwner(userId: string): Promise<boolean>
}
