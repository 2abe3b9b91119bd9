/** A bell, 32 by 32, for sites whose icon is not known. PNG. */
export const FALLBACK_ICON = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgAgMAAAAOFJJnAAAADFBMVEWNlJ6NlJ6NlJ6NlJ7OSlqpAAAABHRSTlMAVar/oA4xLwAA',
    'AHhJREFUeNpjYMAGGB2gDO4HUAb/B3SR/J8Qmun//waIzP//EDn5//+/gBn6////ADPs////A2bU////l2jG/v///4EZ/////w92',
    'FogBcho7iHEB5CwQ4wPEKohlcIbUqlWrVi0B69daAXWz/R8oQ/8HlME2gQEvAADVxUvxTP052wAAAABJRU5ErkJggg==',
  ].join(''),
  'base64',
)
