# For a Space, and for any other host of containers.
FROM python:3.11-slim
WORKDIR /app

# The CPU build of torch is a tenth of the one with CUDA's libraries, which PyPI has.
COPY requirements.txt requirements-pillow.txt ./
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
      -r requirements.txt \
    && pip install --no-cache-dir --no-deps -r requirements-pillow.txt

COPY . .

# Who may write to nothing but the temporary folder; a disk that stays is better for trainings.
USER 1000
ENV GRADIO_SERVER_NAME=0.0.0.0 PYTHONUNBUFFERED=1 DIFFVIZ_TRAININGS=/tmp/trainings
EXPOSE 7860
CMD ["python", "app.py"]
