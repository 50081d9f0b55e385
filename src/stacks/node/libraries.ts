/** Packages of npm that say how a program connects. */
export const NODE_LIBRARIES: readonly string[] = [
  ...['knex', 'sequelize', 'typeorm', '@prisma/client', 'mysql2', 'mysql', 'pg', 'postgres', 'tedious'],
  ...['ioredis', 'redis', 'mongodb', 'amqplib', 'undici', 'axios'],
];
