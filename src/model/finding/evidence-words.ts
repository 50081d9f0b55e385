/** As `Evidence.what`: how many connections a pool keeps after a load, which is what its idle cap lets it keep. */
export const IDLE_FLOOR = 'flat floor that it fell back to';
