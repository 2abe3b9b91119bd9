import type { EmergencyContact } from '#store'

/** `EmergencyContact.status`. */
const CONFIRMED = 2

/** Whether the contact has a copy of the user key. */
export const holdsKey = ({ status }: EmergencyContact): boolean => status >= CONFIRMED
