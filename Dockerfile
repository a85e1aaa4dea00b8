# The service, slim and without root. It refuses to start without a key:
#
#     docker build -t inkdigits .
#     docker run --rm -p 8000:8000 -e INKDIGITS_API_KEY="$(openssl rand -hex 32)" --read-only --cap-drop ALL inkdigits
#
# docs/deploy.md says more.

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/inkdigits \
    && /opt/inkdigits/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt '.[web]' \
    && /opt/inkdigits/bin/inkdigits info

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin inkdigits
COPY --from=build /opt/inkdigits /opt/inkdigits
ENV PATH="/opt/inkdigits/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["inkdigits", "serve", "--host", "0.0.0.0"]
