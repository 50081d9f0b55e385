/** Prints the systemd unit of the Debian package: that of `serve --install`, with the program where the package has it. */
import { SERVICE_TOKEN, unitText } from '../../src/serve/unit.ts';

process.stdout.write(unitText(['/usr/bin/socklens'], [`--token-file=${SERVICE_TOKEN}`], false));
