-- Run once, by the postgres image, when its volume is empty. Database `codes` is made by the image itself (POSTGRES_DB).
CREATE DATABASE billing;
