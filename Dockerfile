# Gatehouse without root, on a file system that may be read-only:
#   docker build -t gatehouse .
#   docker run --read-only --tmpfs /run/gatehouse:uid=1000,mode=0750 -p 443:8443 -p 80:8080 \
#     -v ./gatehouse.yaml:/etc/gatehouse/gatehouse.yaml:ro -v gatehouse:/var/lib/gatehouse gatehouse
# with, in gatehouse.yaml:
#   listen: { https: ":8443", http: ":8080" }
#   admin: { socket: /run/gatehouse/admin.sock, http: ":9180" }
#   certificates: { storage: /var/lib/gatehouse/certs }
FROM node:26-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/gatehouse
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/rules ./rules
RUN install -d -o node -g node -m 0700 /var/lib/gatehouse && install -d -o node -g node -m 0750 /run/gatehouse
USER node
VOLUME /var/lib/gatehouse
EXPOSE 8443 8080 9180
# SIGTERM ends it: what is under way is finished within timeouts.drain, so `docker stop -t` must be longer.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9180/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "-c", "/etc/gatehouse/gatehouse.yaml"]
