/** By this first argument the one file becomes a program of the lab; its name and settings follow. */
export const LAB_PROGRAM_VERB = 'lab-program';
